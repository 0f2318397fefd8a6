// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "./IConditionMonitor.sol";

/// @title IDeliveryEvidence
/// @notice What proves, beside the parties' own signatures, that goods have arrived.
/// @dev The suite's own kind is the word of the consignment's devices (`FreightChecker`). A booking may name another, which the payer and every
/// carrier sign with it. Trust: it may lie or refuse as it likes, to the harm of those who chose it: it is asked without being able to change anything, and
/// holds up nobody for good, since from a day after the last latest arrival on the consignee's acceptance stands in for it, and later the lapse.
interface IDeliveryEvidence {
    /// @notice What is claimed; the escrow has checked that the last carrier released the goods there and then.
    /// @param escrow Who asks. @param booking Struct hash of the booking. @param station The last one. @param at Unix second of the last handover.
    /// @param since Unix second of the pick-up. @param rule Which of several devices must say it.
    /// @param told Every batch of each device, which the escrow holds against what is on record.
    struct Claim {
        address escrow;
        uint64 consignment;
        bytes32 booking;
        uint32 station;
        uint40 at;
        uint40 since;
        IConditionMonitor.DeviceRule rule;
        address[] devices;
        IConditionMonitor.Point[][] told;
    }

    /// @notice Returns silently when the claim is proven. @dev Reverts when it is not.
    function requireProven(Claim calldata claim, bytes calldata evidence) external view;
}
