// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {ILogisticsCurrency} from "../../interfaces/ILogisticsCurrency.sol";
import {References} from "../libraries/References.sol";

/// @title LogisticsCurrency
/// @notice The prepaid logistics currency, each unit backed by a unit of the reserve token held here.
contract LogisticsCurrency is ILogisticsCurrency, ERC20Permit, ReentrancyGuard {
    using SafeERC20 for IERC20;

    /// @inheritdoc ILogisticsCurrency
    IERC20 public immutable reserve;

    /// @param reserveToken The ERC-20 that backs the currency, for ever.
    constructor(address reserveToken)
        ERC20("Aidline LogisticsCurrency", "LGC")
        ERC20Permit("Aidline LogisticsCurrency")
    {
        reserve = IERC20(References.required(reserveToken));
    }

    /// @notice Decimals of the reserve token; 18 where it does not tell.
    function decimals() public view override returns (uint8) {
        try IERC20Metadata(address(reserve)).decimals() returns (uint8 places) {
            return places;
        } catch {
            return 18;
        }
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner)
        public
        view
        override(ERC20Permit, IERC20Permit)
        returns (uint256)
    {
        return super.nonces(owner);
    }

    /// @inheritdoc ILogisticsCurrency
    function depositFor(address to, uint256 amount)
        external
        nonReentrant
        returns (uint256 received)
    {
        return _deposit(to, amount);
    }

    /// @inheritdoc ILogisticsCurrency
    function depositWithPermit(
        address to,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256 received) {
        // Whoever saw the permit may have used it first: then the allowance is there and decides.
        try IERC20Permit(address(reserve))
            .permit(msg.sender, address(this), amount, deadline, v, r, s) {}
            catch {}
        return _deposit(to, amount);
    }

    /// @inheritdoc ILogisticsCurrency
    function withdrawTo(address to, uint256 amount) external nonReentrant {
        if (to == address(0)) revert ZeroRecipient();
        if (amount == 0) revert ZeroAmount();
        _burn(msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);
        reserve.safeTransfer(to, amount);
    }

    /// @dev Only what arrived is known to be there, so the effect must follow the interaction; the guard closes the gap.
    function _deposit(address to, uint256 amount) private returns (uint256 received) {
        if (to == address(0)) revert ZeroRecipient();
        if (amount == 0) revert ZeroAmount();
        uint256 before = reserve.balanceOf(address(this));
        reserve.safeTransferFrom(msg.sender, address(this), amount);
        received = reserve.balanceOf(address(this)) - before;
        if (received == 0) revert NothingReceived();
        _mint(to, received);
        emit Deposited(msg.sender, to, received);
    }
}
