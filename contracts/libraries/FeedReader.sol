// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "../../interfaces/AggregatorV3Interface.sol";
import {IEmergencyResponse} from "../../interfaces/IEmergencyResponse.sol";

/// @title FeedReader
/// @notice Reads a day's figure from a feed, whatever the feed does.
/// @dev Trust: a feed may say what it likes, or nothing; it cannot change state (static call), burn more than
/// `FEED_GAS`, fill our memory (160 bytes are read) or make its reader revert.
library FeedReader {
    /// @notice Most gas that a feed gets for one answer.
    uint256 internal constant FEED_GAS = 100_000;

    /// @notice The figure of a unix day, if the feed has one.
    /// @dev No figure: a revert, an answer for another round, an answer that was never updated, a negative value.
    /// Figures above the largest uint64 are read as that.
    function read(address feed, uint32 day) internal view returns (bool known, uint64 value) {
        bytes memory question = abi.encodeCall(AggregatorV3Interface.getRoundData, (uint80(day)));
        // A call gets at most 63/64 of what is left (EIP-150), after the price of a first access.
        if (gasleft() < FEED_GAS + FEED_GAS / 16) revert IEmergencyResponse.TooLittleGas();
        uint256 gasCap = FEED_GAS;
        uint256 round;
        int256 answer;
        uint256 updatedAt;
        assembly ("memory-safe") {
            let answers := mload(0x40)
            let answered :=
                staticcall(gasCap, feed, add(question, 0x20), mload(question), answers, 0xa0)
            if and(answered, gt(returndatasize(), 0x9f)) {
                round := mload(answers)
                answer := mload(add(answers, 0x20))
                updatedAt := mload(add(answers, 0x60))
            }
        }
        if (round != day || updatedAt == 0 || answer < 0) return (false, 0);
        return
            (true, uint256(answer) > type(uint64).max ? type(uint64).max : uint64(uint256(answer)));
    }

    /// @notice True when there is a contract that says its decimals.
    function isFeed(address feed) internal view returns (bool yes) {
        bytes memory question = abi.encodeCall(AggregatorV3Interface.decimals, ());
        uint256 gasCap = FEED_GAS;
        assembly ("memory-safe") {
            let answered :=
                staticcall(gasCap, feed, add(question, 0x20), mload(question), 0x00, 0x20)
            yes := and(and(answered, gt(returndatasize(), 0x1f)), lt(mload(0x00), 256))
        }
    }
}
