// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {ILapsingPause} from "../../interfaces/ILapsingPause.sol";

/// @title LapsingPause
/// @notice A pause for the entries of a room that lapses by itself.
/// @dev Heirs name their AccessManager (`AccessManaged(manager)`) and put `whenOpen` on entries only.
abstract contract LapsingPause is ILapsingPause, AccessManaged {
    /// @inheritdoc ILapsingPause
    uint40 public constant MAX_PAUSE = 3 days;

    /// @inheritdoc ILapsingPause
    uint40 public pausedUntil;

    /// @dev On entries (new pledges, demands, bookings, deposits); never on what lets goods or money out.
    modifier whenOpen() {
        _requireOpen();
        _;
    }

    /// @inheritdoc ILapsingPause
    function pause() external restricted {
        uint40 ended = pausedUntil;
        if (ended != 0 && block.timestamp < ended + MAX_PAUSE) {
            revert PausedTooRecently(ended + MAX_PAUSE);
        }
        uint40 until = uint40(block.timestamp) + MAX_PAUSE;
        pausedUntil = until;
        emit PauseBegan(msg.sender, until);
    }

    /// @inheritdoc ILapsingPause
    function unpause() external restricted {
        if (block.timestamp >= pausedUntil) revert NotPaused();
        pausedUntil = uint40(block.timestamp);
        emit PauseEnded(msg.sender);
    }

    /// @dev Out of the modifier, so that its code stands once in each room.
    function _requireOpen() private view {
        if (block.timestamp < pausedUntil) revert IsPaused(pausedUntil);
    }
}
