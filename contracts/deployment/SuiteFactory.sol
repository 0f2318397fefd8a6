// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {ISuiteFactory} from "../../interfaces/ISuiteFactory.sol";
import {SuiteSlot} from "./SuiteSlot.sol";

/// @title SuiteFactory
/// @notice Makes the contracts of one deployment at addresses that depend on this factory and on their names alone.
contract SuiteFactory is ISuiteFactory {
    /// @dev Hash of what every slot is made from; the same for all names.
    bytes32 private constant SLOT_HASH = keccak256(type(SuiteSlot).creationCode);

    /// @inheritdoc ISuiteFactory
    address public immutable deployer;

    /// @inheritdoc ISuiteFactory
    bool public closed;

    constructor() {
        deployer = msg.sender;
    }

    modifier onlyDeployerWhileOpen() {
        if (msg.sender != deployer) revert NotDeployer(msg.sender);
        if (closed) revert FactoryIsClosed();
        _;
    }

    /// @inheritdoc ISuiteFactory
    function addressOf(bytes32 name) public view returns (address) {
        address slot = Create2.computeAddress(name, SLOT_HASH);
        // RLP of [slot, 1]: the first contract that the slot makes
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", slot, hex"01")))));
    }

    /// @inheritdoc ISuiteFactory
    function deploy(bytes32 name, bytes calldata initCode)
        external
        onlyDeployerWhileOpen
        returns (address made)
    {
        address expected = addressOf(name);
        if (expected.code.length != 0) revert AlreadyDeployed(name, expected);

        bytes memory reason;
        (made, reason) = new SuiteSlot{salt: name}().create(initCode);
        if (made == address(0) || made.code.length == 0) revert DeploymentFailed(name, reason);
        emit Deployed(name, made, made.codehash);
    }

    /// @inheritdoc ISuiteFactory
    function close() external onlyDeployerWhileOpen {
        closed = true;
        emit FactoryClosed(msg.sender);
    }
}
