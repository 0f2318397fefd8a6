// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "./IConditionMonitor.sol";
import {IFreightEscrow} from "./IFreightEscrow.sol";

/// @title IBookedSpans
/// @notice `IConditionMonitor.exposures` for who has been handed a booking and passes its own call on.
interface IBookedSpans {
    /// @notice What the devices of a booking say of each span of the way, and last of the whole way.
    /// @param told All batches of each device.
    /// @dev Behind the arguments, whatever else the call held that is passed on, stand the cuts (see `exposures`), their number, the booking's struct hash and the
    /// consignment's id, a word each: these are the caller's very bytes, encoded by nobody twice.
    function spansOf(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata told
    ) external view returns (IConditionMonitor.Span[] memory);
}
