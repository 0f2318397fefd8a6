// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IDeviceBonds
/// @notice What operators of devices put in to answer for what their devices sign.
/// @dev The currency here is the sum of all purses, and more only by what somebody sent unasked (INV-MON-2). The part of a purse that is locked for a watch
/// covers the freight of its consignment and, above it, a fifth of the whole for whoever finds that the device lied.
interface IDeviceBonds {
    /// @notice An operator's currency. @param free Can be taken out, and locked. @param locked For the watches that are open.
    struct BondPurse {
        uint128 free; // slot 0
        uint128 locked;
    }

    event BondDeposited(address indexed operator, address indexed from, uint128 amount);
    event BondWithdrawn(address indexed operator, uint128 amount);
    event BondPaid(address indexed operator, address indexed to, uint128 amount);
    event BondFreed(address indexed operator, uint128 amount);

    error ZeroBond();
    error BondTooSmall(address operator, uint128 free, uint128 needed);
    error NotWriter(address caller);

    /// @notice An operator's purse.
    function bondPurse(address operator) external view returns (BondPurse memory);

    /// @notice What is locked for a watch of a consignment with this freight: a quarter more than it, rounded down.
    function bondFor(uint128 freight) external pure returns (uint128);

    /// @notice Puts currency of the caller into an operator's purse; the caller has approved it. @dev Emits `BondDeposited`. Reverts with `ZeroBond`.
    function depositBond(address operator, uint128 amount) external;

    /// @notice Takes free currency out of the caller's purse. @dev Emits `BondWithdrawn`. Reverts with `ZeroBond`, `BondTooSmall`.
    function withdrawBond(uint128 amount) external;

    /// @notice BatchCourt only: pays from what is locked. @dev Emits `BondPaid`.
    function payBond(address operator, address to, uint128 amount) external;

    /// @notice BatchCourt only: frees what was locked. @dev Emits `BondFreed`.
    function freeBond(address operator, uint128 amount) external;
}
