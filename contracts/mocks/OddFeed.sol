// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title OddFeed
/// @notice A feed that answers every round in a way it should not.
contract OddFeed {
    /// @notice How a REVERT feed refuses.
    error NoAnswer();

    /// @notice How it answers: the value as it should, a revert, nothing before its gas is gone, a megabyte, another
    /// round, a negative value, an answer that was never updated, too few words, a value too large for 64 bits.
    enum Answer {
        NULL,
        RIGHT,
        REVERT,
        BURN,
        BOMB,
        OTHER_ROUND,
        NEGATIVE,
        NEVER,
        SHORT,
        HUGE
    }

    /// @notice As every feed.
    uint8 public immutable decimals;

    Answer private _kind;
    int256 private _value;

    constructor(Answer kind, int256 value) {
        _kind = kind;
        _value = value;
    }

    /// @notice From now on it answers so.
    function set(Answer kind, int256 value) external {
        _kind = kind;
        _value = value;
    }

    /// @notice As every feed, but for its kind.
    function getRoundData(uint80 round) external view {
        Answer kind = _kind;
        if (kind == Answer.REVERT) revert NoAnswer();
        if (kind == Answer.BURN) while (true) {}
        int256 value = _value;
        uint256 updatedAt = kind == Answer.NEVER ? 0 : block.timestamp;
        if (kind == Answer.NEGATIVE) value = -1 - value;
        if (kind == Answer.HUGE) value = type(int256).max;
        if (kind == Answer.OTHER_ROUND) ++round;
        uint256 length = kind == Answer.BOMB ? 1_000_000 : kind == Answer.SHORT ? 128 : 160;
        assembly {
            let start := mload(0x40)
            mstore(start, round)
            mstore(add(start, 0x20), value)
            mstore(add(start, 0x40), updatedAt)
            mstore(add(start, 0x60), updatedAt)
            mstore(add(start, 0x80), round)
            return(start, length)
        }
    }
}
