// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "./IFreightEscrow.sol";
import {ILogisticsNetwork} from "./ILogisticsNetwork.sol";

/// @title IHoursDesk
/// @notice Where hours go back that a consignment does not need any more, and where another vehicle stands in for one that was booked.
/// @dev Anyone may ask, since what is free follows from custody and from how the consignment ended. So settlement writes no hours, and carriers that want theirs
/// back pay for it. A consignment that ends before it was picked up gives all hours back in that transaction, and needs no desk.
interface IHoursDesk {
    /// @param legs Legs of which something was given back in this call, as bits.
    event HoursReleased(uint64 indexed consignment, uint256 legs);

    /// @notice Another vehicle and crew drive a leg (`ILogisticsNetwork.LegSubstituted`), and why.
    event VehicleReplaced(
        uint64 indexed consignment, uint8 leg, ILogisticsNetwork.Hindrance reason
    );

    /// @notice The leg was begun, or the consignment has ended.
    error TooLateToReplace(uint64 consignment, uint8 leg);
    error NotCarrier(uint64 consignment, uint8 leg, address caller);
    error NoReason();
    /// @notice Nothing of the consignment can be given back now.
    error NothingToRelease(uint64 consignment);

    /// @notice Legs whose hours were given back here, as bits: each once.
    function released(uint64 consignment) external view returns (uint256 legs);

    /// @notice Gives back what the legs of a consignment do not need: of each that has handed on, the hours from then on; once the consignment has ended, those of the legs that
    /// were not begun, and of the leg that had the goods the hours from that end on.
    /// @dev Emits `HoursReleased`. Reverts with `IFreightEscrow.UnknownBooking`, `NothingToRelease`.
    function release(IFreightEscrow.Booking calldata booking) external;

    /// @notice The carrier of a leg that was not begun has another of its vehicles, or another crew, drive it: at the same time between the same stations, as often as
    /// there is a reason. The vehicle must do for the leg as the one that was booked did.
    /// @dev Emits `VehicleReplaced`. Reverts as `ILogisticsNetwork.reserve`, and with `IFreightEscrow.UnknownLeg`.
    function substitute(
        IFreightEscrow.Booking calldata booking,
        uint8 leg,
        uint32 vehicle,
        uint32 crew,
        ILogisticsNetwork.Hindrance reason
    ) external;
}
