// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title SignatureProbe
/// @notice Shows `SignatureCheck` to the tests.
contract SignatureProbe {
    /// @notice As the library's.
    function requireValid(address signer, bytes32 digest, bytes calldata signature) external view {
        SignatureCheck.requireValid(signer, digest, signature);
    }

    /// @notice As the library's, with the gas that the check took.
    function measure(address signer, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool valid, uint256 used)
    {
        uint256 before = gasleft();
        valid = SignatureCheck.isValid(signer, digest, signature);
        used = before - gasleft();
    }
}
