// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ISuiteFactory
/// @notice Makes the contracts of one deployment at addresses that depend on this factory and on their names alone.
/// @dev Every address is known before the first contract exists, so that all of them can hold each other's as
/// immutables and nothing is wired afterwards. A name that has code is done: a deployment that broke off goes on.
/// Trust: until it is closed the deployer decides what stands at each address; after that nobody does. Whoever relies on
/// a deployment checks that the factory is closed and that the code at each address is the code that he expects.
interface ISuiteFactory {
    /// @notice A contract was made.
    event Deployed(bytes32 indexed name, address indexed deployed, bytes32 codeHash);
    /// @notice Nothing more can be made.
    event FactoryClosed(address indexed deployer);

    /// @notice `caller` is not the deployer.
    error NotDeployer(address caller);
    /// @notice There is already code at `deployed`, the address of `name`.
    error AlreadyDeployed(bytes32 name, address deployed);
    /// @notice The constructor of `name` reverted with `reason`, or left no code (then `reason` is empty).
    error DeploymentFailed(bytes32 name, bytes reason);
    /// @notice The factory is closed.
    error FactoryIsClosed();

    /// @notice The only account that may deploy and close: whoever made the factory.
    function deployer() external view returns (address);

    /// @notice Whether nothing more can be made.
    function closed() external view returns (bool);

    /// @notice Address of the contract of this name, whether it stands already or not.
    /// @param name The contract's name, ASCII, filled up with zeros on the right.
    function addressOf(bytes32 name) external view returns (address);

    /// @notice Makes the contract `name`. Emits `Deployed`.
    /// @dev Reverts with `NotDeployer`, `FactoryIsClosed`, `AlreadyDeployed`, and with `DeploymentFailed` when the
    /// constructor reverts or leaves no code.
    /// @param name The contract's name, see `addressOf`.
    /// @param initCode Its creation code with the encoded arguments of the constructor behind it.
    /// @return made The contract's address: `addressOf(name)`.
    function deploy(bytes32 name, bytes calldata initCode) external returns (address made);

    /// @notice Ends the making of contracts for ever. Emits `FactoryClosed`.
    /// @dev Reverts with `NotDeployer` and, when it was closed before, with `FactoryIsClosed`.
    function close() external;
}
