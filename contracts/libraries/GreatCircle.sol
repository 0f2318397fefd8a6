// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title GreatCircle
/// @notice Distance on the earth from below: the chord between two places, on a sphere of the least radius of curvature of WGS-84.
/// @dev Never above the geodesic; up to 80 degrees of latitude below it by less than 1.5 percent for 1,000 km, and by 3 for 2,500 km. Fixed point with 18 digits.
library GreatCircle {
    int256 private constant _ONE = 1e18;
    /// @dev Radians in a microdegree, rounded down.
    int256 private constant _RADIANS = 17_453_292_519;
    /// @dev Metres, b * b / a of WGS-84.
    uint256 private constant _RADIUS = 6_335_439;

    /// @notice Metres between two places given in microdegrees, rounded down.
    function metresRoundedDown(
        int256 latitude,
        int256 longitude,
        int256 otherLatitude,
        int256 otherLongitude
    ) internal pure returns (uint256) {
        int256 across = _distance(longitude, otherLongitude);
        if (across > 180e6) across = 360e6 - across;
        int256 north = _sinRoundedDown(_distance(latitude, otherLatitude) / 2);
        int256 east = _sinRoundedDown(across / 2);
        int256 square = north * north / _ONE + _cosRoundedDown(latitude)
            * _cosRoundedDown(otherLatitude) / _ONE * (east * east / _ONE) / _ONE;
        // Twice the radius times the root; the root of 1e36 is 1e18.
        return 2 * _RADIUS * Math.sqrt(uint256(square * _ONE)) / uint256(_ONE);
    }

    function _distance(int256 a, int256 b) private pure returns (int256) {
        return a < b ? b - a : a - b;
    }

    /// @dev Of microdegrees from 0 to 90; the series ends on a term that is taken off.
    function _sinRoundedDown(int256 angle) private pure returns (int256) {
        int256 x = angle * _RADIANS;
        int256 square = x * x / _ONE;
        int256 inner = _ONE - square / 42;
        inner = _ONE - square * inner / (20 * _ONE);
        inner = _ONE - square * inner / (6 * _ONE);
        return x * inner / _ONE;
    }

    /// @dev Of microdegrees from -90 to 90, likewise; never below zero.
    function _cosRoundedDown(int256 angle) private pure returns (int256) {
        int256 x = angle * _RADIANS;
        int256 square = x * x / _ONE;
        int256 inner = _ONE - square / 30;
        inner = _ONE - square * inner / (12 * _ONE);
        inner = _ONE - square * inner / (2 * _ONE);
        return inner < 0 ? int256(0) : inner;
    }
}
