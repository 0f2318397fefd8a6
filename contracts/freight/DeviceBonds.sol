// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IDeviceBonds} from "../../interfaces/IDeviceBonds.sol";
import {ILogisticsCurrency} from "../../interfaces/ILogisticsCurrency.sol";
import {References} from "../libraries/References.sol";

/// @title DeviceBonds
/// @notice What operators of devices put in to answer for what their devices sign; a part of ConditionMonitor.
/// @dev The currency is the suite's own and calls nobody back.
abstract contract DeviceBonds is IDeviceBonds {
    using SafeERC20 for ILogisticsCurrency;

    /// @notice In what bonds are held.
    ILogisticsCurrency public immutable currency;

    /// @notice The only one that pays and frees what is locked.
    address public immutable batchCourt;

    mapping(address operator => BondPurse) private _purses;

    constructor(address currency_, address batchCourt_) {
        currency = ILogisticsCurrency(References.required(currency_));
        batchCourt = References.required(batchCourt_);
    }

    modifier onlyCourt() {
        if (msg.sender != batchCourt) revert NotWriter(msg.sender);
        _;
    }

    // --- reads ---

    /// @inheritdoc IDeviceBonds
    function bondPurse(address operator) external view returns (BondPurse memory) {
        return _purses[operator];
    }

    /// @inheritdoc IDeviceBonds
    function bondFor(uint128 freight) public pure returns (uint128) {
        return freight + freight / 4;
    }

    // --- operators ---

    /// @inheritdoc IDeviceBonds
    function depositBond(address operator, uint128 amount) external {
        if (amount == 0) revert ZeroBond();
        _purses[operator].free += amount;
        emit BondDeposited(operator, msg.sender, amount);
        currency.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IDeviceBonds
    function withdrawBond(uint128 amount) external {
        if (amount == 0) revert ZeroBond();
        BondPurse storage purse = _purses[msg.sender];
        if (amount > purse.free) revert BondTooSmall(msg.sender, purse.free, amount);
        purse.free -= amount;
        emit BondWithdrawn(msg.sender, amount);
        currency.safeTransfer(msg.sender, amount);
    }

    // --- BatchCourt ---

    /// @inheritdoc IDeviceBonds
    function payBond(address operator, address to, uint128 amount) external onlyCourt {
        _purses[operator].locked -= amount;
        emit BondPaid(operator, to, amount);
        currency.safeTransfer(to, amount);
    }

    /// @inheritdoc IDeviceBonds
    function freeBond(address operator, uint128 amount) external onlyCourt {
        BondPurse storage purse = _purses[operator];
        purse.locked -= amount;
        purse.free += amount;
        emit BondFreed(operator, amount);
    }

    // --- internal writes ---

    function _lockBond(address operator, uint128 amount) internal {
        BondPurse storage purse = _purses[operator];
        (uint128 free, uint128 locked) = (purse.free, purse.locked);
        if (amount > free) revert BondTooSmall(operator, free, amount);
        (purse.free, purse.locked) = (free - amount, locked + amount);
    }
}
