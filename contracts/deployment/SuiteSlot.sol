// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ISuiteFactory} from "../../interfaces/ISuiteFactory.sol";

/// @title SuiteSlot
/// @notice The one contract that a name of a SuiteFactory has of its own: it makes another, once.
/// @dev A contract made by CREATE2 has an address that depends on its creation code; one made by CREATE has not. The
/// factory so makes a slot by CREATE2, whose creation code is always the same, and the slot makes the contract.
contract SuiteSlot {
    address private immutable FACTORY;

    constructor() {
        FACTORY = msg.sender;
    }

    /// @notice Makes a contract; only the factory may ask for it.
    /// @param initCode Creation code with the constructor's arguments behind it.
    /// @return made The contract, or the zero address when its constructor reverted.
    /// @return reason What the constructor reverted with.
    function create(bytes memory initCode) external returns (address made, bytes memory reason) {
        // the factory asks once, in the transaction that makes the slot
        if (msg.sender != FACTORY) revert ISuiteFactory.NotDeployer(msg.sender);
        assembly ("memory-safe") {
            made := create(0, add(initCode, 0x20), mload(initCode))
            if iszero(made) {
                reason := mload(0x40)
                mstore(reason, returndatasize())
                returndatacopy(add(reason, 0x20), 0, returndatasize())
                mstore(0x40, and(add(add(reason, returndatasize()), 0x3f), not(0x1f)))
            }
        }
    }
}
