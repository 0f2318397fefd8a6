// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IFreightHolds
/// @notice What the desk of disputes may do with a consignment: hold its money before it ends, and let it go with an award.
/// @dev Goods are never held: while the money is, custody changes, and proof, refusal, recall and time end the consignment as ever. Then it is CLOSED:
/// its load has ended, and `IFreightEscrow.settleClosed` pays once no dispute holds it.
interface IFreightHolds {
    event ConsignmentHeld(uint64 indexed consignment, uint8 holds);
    /// @param award What the leg earns, where `isAwarded`; else its curves decide. @param holds Disputes that still hold it.
    event ConsignmentResumed(
        uint64 indexed consignment, uint8 indexed leg, uint128 award, bool isAwarded, uint8 holds
    );

    error NotDisputeDesk(address caller);
    /// @notice A dispute holds the consignment's money.
    error IsHeld(uint64 consignment);
    /// @notice No dispute holds the consignment.
    error NotHeld(uint64 consignment);

    /// @notice The only one that holds and resumes.
    function disputeDesk() external view returns (address);

    /// @notice Disputes that hold the consignment's money now.
    function holdsOf(uint64 consignment) external view returns (uint8);

    /// @notice DisputeDesk only: holds the money of a consignment that was picked up and has not ended; once for each dispute.
    /// @dev Emits `ConsignmentHeld`. Reverts with `NotDisputeDesk`, `IFreightEscrow.WrongStatus`.
    function hold(uint64 consignment) external;

    /// @notice DisputeDesk only: ends one hold. `leg` is the leg in dispute, the number of legs for the seller's price.
    /// @dev With `isAwarded` the leg earns `award` (its freight, or the price, at most) whatever its curves say; the rest is computed. Emits
    /// `ConsignmentResumed`. Reverts with `NotDisputeDesk`, `NotHeld`, `IFreightEscrow.UnknownLeg`.
    function resume(uint64 consignment, uint8 leg, uint128 award, bool isAwarded) external;
}
