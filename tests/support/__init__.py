"""What several folders of tests share: people, the suite in the process, reverts."""
