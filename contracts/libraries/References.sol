// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title References
/// @notice Checks the addresses of other contracts that a constructor is given.
library References {
    /// @notice A constructor was given no address for one of its references.
    error ZeroReference();

    /// @notice Returns `target`, or reverts with `ZeroReference`.
    function required(address target) internal pure returns (address) {
        if (target == address(0)) revert ZeroReference();
        return target;
    }
}
