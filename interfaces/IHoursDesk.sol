// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "./IFreightEscrow.sol";

/// @title IHoursDesk
/// @notice Where hours go back that a consignment does not need any more: the rest of a leg that was done early, and legs that were never begun.
/// @dev Anyone may ask, since what is free follows from custody and from how the consignment ended. So settlement writes no hours, and carriers that want theirs
/// back pay for it. A consignment that ends before it was picked up gives all hours back in that transaction, and needs no desk.
interface IHoursDesk {
    /// @param legs Legs of which something was given back in this call, as bits.
    event HoursReleased(uint64 indexed consignment, uint256 legs);

    /// @notice Nothing of the consignment can be given back now.
    error NothingToRelease(uint64 consignment);

    /// @notice Legs whose hours were given back here, as bits: each once.
    function released(uint64 consignment) external view returns (uint256 legs);

    /// @notice Gives back what the legs of a consignment do not need: of each that has handed on, the hours from then on; once the consignment has ended, those of the legs that
    /// were not begun, and of the leg that had the goods the hours from that end on.
    /// @dev Emits `HoursReleased`. Reverts with `IFreightEscrow.UnknownBooking`, `NothingToRelease`.
    function release(IFreightEscrow.Booking calldata booking) external;
}
