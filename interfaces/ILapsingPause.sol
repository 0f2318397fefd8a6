// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ILapsingPause
/// @notice A pause that stops entries only, never exits, and lapses by itself.
/// @dev Trust: whoever may pause can hold up new business for `MAX_PAUSE`, then not again for as long. Between two
/// pauses of the longest kind the room is therefore open at least half of the time.
interface ILapsingPause {
    event PauseBegan(address indexed by, uint40 until);
    event PauseEnded(address indexed by);

    error IsPaused(uint40 until);
    error NotPaused();
    error PausedTooRecently(uint40 notBefore);

    /// @notice Unix second from which entries are open again; in the past when they are open.
    function pausedUntil() external view returns (uint40);

    /// @notice Longest pause, and the time after a pause's end before the next, in seconds.
    function MAX_PAUSE() external view returns (uint40);

    /// @notice Stops entries for `MAX_PAUSE`. @dev Only the pauser role. Emits `PauseBegan`.
    /// Reverts with `PausedTooRecently` while paused and until `MAX_PAUSE` after the last pause ended.
    function pause() external;

    /// @notice Opens entries again before the pause lapses. @dev Only the unpauser role. Emits `PauseEnded`. Reverts with `NotPaused`.
    function unpause() external;
}
