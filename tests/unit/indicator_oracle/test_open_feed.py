"""IndicatorOracle.openFeed, and the feed that it opens.

when the indicator or the region is unknown ... refused
when the series has a feed .................... refused
when it is new ................................ a feed whose rounds are unix days
├── given no figure ........................... it has no answer
└── given figures ............................. it answers them by day, and the newest
"""

from __future__ import annotations

import pytest

from aidline.artifacts import artifact
from aidline.client import Contract
from aidline.signing import Key
from tests.support.emergency import CASES, TODAY, report
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY


@pytest.fixture
def feed(opened: Contract) -> Contract:
    address = opened.feedOf(CASES, word("CN-HB"))
    return Contract(opened.chain, "IndicatorFeed", address, artifact("IndicatorFeed").abi)


def test_opens_a_feed_for_the_series(manned: Contract, stranger: Key) -> None:
    receipt = manned.openFeed(CASES, word("CN-HB"), sender=stranger)
    event = receipt.event("FeedOpened").args
    assert (event.indicator, event.region) == (CASES, word("CN-HB"))
    assert manned.feedOf(CASES, word("CN-HB")) == event.feed
    assert manned.feedOf(CASES, word("CN-GD")) == "0x" + "00" * 20


def test_reverts_when_the_indicator_is_unknown(oracle: Contract, stranger: Key) -> None:
    with reverts("UnknownIndicator", indicator=CASES):
        oracle.openFeed(CASES, word("CN-HB"), sender=stranger)


def test_reverts_when_the_region_is_unknown(defined: Contract, stranger: Key) -> None:
    with reverts("UnknownRegion", region=word("CN-ZJ")):
        defined.openFeed(CASES, word("CN-ZJ"), sender=stranger)


def test_reverts_when_the_series_has_a_feed(opened: Contract, stranger: Key) -> None:
    with reverts("FeedExists", indicator=CASES, region=word("CN-HB")):
        opened.openFeed(CASES, word("CN-HB"), sender=stranger)


def test_the_feed_says_what_it_is(feed: Contract) -> None:
    assert feed.decimals() == 0
    assert feed.version() == 1
    assert feed.description() == "confirmed-cumulative / CN-HB"


def test_the_feed_has_no_answer_without_a_figure(feed: Contract) -> None:
    with reverts("NoData", indicator=CASES, region=word("CN-HB"), day=TODAY):
        feed.getRoundData(TODAY)
    with reverts("NoData"):
        feed.latestRoundData()


def test_the_feed_answers_by_day_and_the_newest(opened: Contract, feed: Contract) -> None:
    opened.chain.set_time((TODAY + 2) * DAY)
    report(opened, TODAY + 1, 549)
    report(opened, TODAY, 444)
    moment = opened.figure(CASES, word("CN-HB"), TODAY + 1).updated_at
    newest = feed.latestRoundData()
    assert (newest.round_id, newest.answered_in_round, newest.answer) == (TODAY + 1, TODAY + 1, 549)
    assert (newest.started_at, newest.updated_at) == ((TODAY + 1) * DAY, moment)
    assert feed.getRoundData(TODAY + 1).answer == 549
    assert feed.getRoundData(TODAY).answer == 444
    with reverts("NoData"):
        feed.getRoundData(2**40 + TODAY)
