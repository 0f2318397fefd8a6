// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";

/// @title Settlement
/// @notice What a leg earns by its terms, and the limits of every consignment.
library Settlement {
    /// @notice Seconds after a time limit from which what did not happen can be lapsed; no curve of lateness reaches farther.
    uint40 internal constant GRACE = 7 days;

    /// @notice Farthest that a booking may reach, seconds.
    uint40 internal constant HORIZON = 60 days;

    /// @notice Most legs of a consignment.
    uint8 internal constant MAX_LEGS = 8;

    /// @notice Most devices of a consignment.
    uint8 internal constant MAX_DEVICES = 4;

    /// @notice Freight x (1 - lateness) x (1 - temperature) x (1 - humidity), exact, rounded down once: what is cut off stays with the payer.
    function payRoundedDown(
        uint128 freight,
        IFreightEscrow.Terms calldata terms,
        IFreightEscrow.Outcome memory facts
    ) internal pure returns (uint128) {
        (uint256 late, uint256 ofLate) = _left(facts.late, terms.lateFree, terms.lateZero);
        (uint256 heat, uint256 ofHeat) =
            _left(facts.temperature, terms.exposureFree, terms.exposureZero);
        (uint256 damp, uint256 ofDamp) =
            _left(facts.humidity, terms.humidityFree, terms.humidityZero);
        // 128 + 32 bits, 64 + 64 bits, 32 + 64 + 64 bits: no product overflows.
        return uint128(Math.mulDiv(uint256(freight) * late, heat * damp, ofLate * ofHeat * ofDamp));
    }

    /// @notice Seconds by which a leg took over late: after the latest arrival of the leg before and after its own departure.
    function inheritance(uint40 tookOver, uint40 latestBefore, uint40 departure)
        internal
        pure
        returns (uint40)
    {
        return over(tookOver, latestBefore > departure ? latestBefore : departure);
    }

    /// @notice By how much a value passes a limit; zero if it does not.
    function over(uint40 value, uint40 limit) internal pure returns (uint40) {
        return value > limit ? value - limit : 0;
    }

    /// @dev What is left at `value`, as a fraction: all up to `free`, nothing from `zero` on, linear between.
    function _left(uint256 value, uint256 free, uint256 zero)
        private
        pure
        returns (uint256 left, uint256 whole)
    {
        if (value <= free) return (1, 1);
        if (value >= zero) return (0, 1);
        return (zero - value, zero - free);
    }
}
