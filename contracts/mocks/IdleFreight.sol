// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";

/// @title IdleFreight
/// @notice Says that it has booked a consignment, and takes nothing for it.
contract IdleFreight {
    /// @notice Returns a consignment that does not exist.
    function book(
        IFreightEscrow.Booking calldata,
        IFreightEscrow.BookingSignatures calldata,
        IFreightEscrow.Permit calldata
    ) external pure returns (uint64) {
        return 1;
    }
}
