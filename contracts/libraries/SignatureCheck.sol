// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title SignatureCheck
/// @notice Says whether a digest was signed by an account: by its plain key, or by the contract that it is (ERC-1271).
/// @dev Trust: a wallet contract may lie about its own signatures only; it cannot change state (static call), burn more
/// than `WALLET_GAS`, or fill our memory (32 bytes are read, however many it returns).
library SignatureCheck {
    /// @notice Most gas that a wallet contract gets to answer.
    uint256 internal constant WALLET_GAS = 100_000;

    /// @notice The signature is not the signer's.
    error BadSignature(address signer);

    /// @notice Returns silently when `isValid`, else reverts with `BadSignature`.
    function requireValid(address signer, bytes32 digest, bytes memory signature) internal view {
        if (!isValid(signer, digest, signature)) revert BadSignature(signer);
    }

    /// @notice True when `signature` over `digest` is that of `signer`: 65 bytes r|s|v with low s, else what the
    /// contract at `signer` answers.
    /// @dev Who submits with too little gas can make a wallet's answer fail: callers must revert on false, never record it.
    function isValid(address signer, bytes32 digest, bytes memory signature)
        internal
        view
        returns (bool)
    {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0 && _isApproved(signer, digest, signature);
    }

    function _isApproved(address wallet, bytes32 digest, bytes memory signature)
        private
        view
        returns (bool approved)
    {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes32 yes = bytes32(IERC1271.isValidSignature.selector);
        uint256 gasCap = WALLET_GAS;
        assembly ("memory-safe") {
            let answered :=
                staticcall(gasCap, wallet, add(question, 0x20), mload(question), 0x00, 0x20)
            approved := and(and(answered, gt(returndatasize(), 0x1f)), eq(mload(0x00), yes))
        }
    }
}
