// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title ILogisticsCurrency
/// @notice The prepaid logistics currency: ERC-20 with permit, minted one to one against a reserve token that comes in, burnt when it goes out.
/// @dev Nobody can mint, freeze or move it otherwise. `totalSupply()` is never more than the reserve held (INV-LGC-1).
/// Trust: the reserve token must not take balances away from this contract; a fee on transfer is credited net, a
/// re-entering token is stopped by a guard.
interface ILogisticsCurrency is IERC20, IERC20Permit {
    event Deposited(address indexed from, address indexed to, uint256 received);
    event Withdrawn(address indexed from, address indexed to, uint256 amount);

    error NothingReceived();
    error ZeroAmount();
    error ZeroRecipient();

    /// @notice The reserve token.
    function reserve() external view returns (IERC20);

    /// @notice Takes up to `amount` of the reserve from the caller and mints to `to` what really arrived.
    /// @return received units of reserve that arrived and of currency minted
    function depositFor(address to, uint256 amount) external returns (uint256 received);

    /// @notice `depositFor` with the reserve token's own permit in the same transaction. A permit used up by somebody
    /// else does not stop it where the allowance suffices.
    function depositWithPermit(
        address to,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 received);

    /// @notice Burns `amount` of the caller's currency and sends as much of the reserve to `to`.
    function withdrawTo(address to, uint256 amount) external;
}
