// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title DutyHours
/// @notice How long a crew is on duty, from the hours around a journey of at most 24: bit 24 is its first hour, bit 23 the hour before.
library DutyHours {
    /// @notice Hours before a journey that matter.
    uint256 internal constant BEFORE = 24;
    /// @notice Hours that matter from those on: the journey, and those after it.
    uint256 internal constant AROUND = 72;

    /// @notice Hours without a break that hold the journey's `count` hours.
    function inRow(uint256 duty, uint256 count) internal pure returns (uint256) {
        uint256 first = BEFORE;
        uint256 last = BEFORE + count;
        while (first != 0 && duty >> (first - 1) & 1 != 0) --first;
        while (last < AROUND && duty >> last & 1 != 0) ++last;
        return last - first;
    }

    /// @notice The most hours in any 24 in a row that hold one of the journey's.
    function inDay(uint256 duty, uint256 count) internal pure returns (uint256 most) {
        uint256 sum;
        for (uint256 hour; hour < BEFORE + count + 23; ++hour) {
            sum += duty >> hour & 1;
            if (hour >= 24) sum -= duty >> (hour - 24) & 1;
            if (hour >= BEFORE && sum > most) most = sum;
        }
    }
}
