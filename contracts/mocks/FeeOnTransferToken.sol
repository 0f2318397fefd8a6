// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title FeeOnTransferToken
/// @notice A token that burns a part of each transfer on the way.
contract FeeOnTransferToken is ERC20 {
    /// @notice Hundredths of a percent that a transfer loses.
    uint256 public immutable feeBasisPoints;

    constructor(uint256 feeBasisPoints_) ERC20("Fee on transfer", "FEE") {
        feeBasisPoints = feeBasisPoints_;
    }

    /// @notice Mints `amount` to `to`, without a fee.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount * feeBasisPoints / 10_000;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}
