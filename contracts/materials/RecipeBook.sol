// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IRecipeBook} from "../../interfaces/IRecipeBook.sol";
import {References} from "../libraries/References.sol";

/// @title RecipeBook
/// @notice What a maker makes from what, and the most that may come out of it: the yield that an auditor declares.
contract RecipeBook is IRecipeBook {
    /// @notice Most materials that go into a batch, and that come out of it.
    uint256 public constant MAX_LINES = 8;

    uint256 private constant _WHOLE = 10_000;

    /// @notice Where makers and auditors are looked up.
    IParticipantRegistry public immutable registry;

    /// @inheritdoc IRecipeBook
    uint64 public recipeCount;

    /// @inheritdoc IRecipeBook
    mapping(uint64 id => bool) public isRetired;

    mapping(uint64 id => Recipe) private _recipes;

    constructor(address participantRegistry) {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- reads ---

    /// @inheritdoc IRecipeBook
    function recipe(uint64 id) external view returns (Recipe memory) {
        return _known(id);
    }

    /// @inheritdoc IRecipeBook
    function checkYield(uint64 id, address maker, Line[] calldata used, Line[] calldata made)
        external
        view
    {
        Recipe memory rule = _known(id);
        if (isRetired[id]) revert RecipeRetired(id);
        if (rule.maker != maker) revert NotMaker(id, maker);
        uint256[] memory inputs = _sum(id, rule.inputs, used);
        uint256[] memory outputs = _sum(id, rule.outputs, made);
        for (uint256 k; k < outputs.length; ++k) {
            _checkOutput(rule, inputs, rule.outputs[k], outputs[k]);
        }
    }

    // --- auditors ---

    /// @inheritdoc IRecipeBook
    function setRecipe(Recipe calldata definition) external returns (uint64 id) {
        _checkLines(definition.inputs);
        _checkLines(definition.outputs);
        uint16 share = definition.yieldBasisPoints;
        if (share == 0 || share > _WHOLE) revert BadRecipe();
        address maker = definition.maker;
        registry.requireActive(maker, IParticipantRegistry.Role.SUPPLIER);
        _checkAuditor(maker);

        id = ++recipeCount;
        Recipe storage record = _recipes[id];
        record.maker = maker;
        record.yieldBasisPoints = share;
        for (uint256 i; i < definition.inputs.length; ++i) {
            record.inputs.push(definition.inputs[i]);
        }
        for (uint256 i; i < definition.outputs.length; ++i) {
            record.outputs.push(definition.outputs[i]);
        }
        emit RecipeSet(id, maker, msg.sender, share, definition.inputs, definition.outputs);
    }

    /// @inheritdoc IRecipeBook
    function retireRecipe(uint64 id) external {
        Recipe storage record = _known(id);
        if (isRetired[id]) revert RecipeRetired(id);
        _checkAuditor(record.maker);
        isRetired[id] = true;
        emit RecipeEnded(id, msg.sender);
    }

    // --- internal reads ---

    function _known(uint64 id) private view returns (Recipe storage record) {
        record = _recipes[id];
        if (record.maker == address(0)) revert UnknownRecipe(id);
    }

    function _checkAuditor(address maker) private view {
        IParticipantRegistry.Participant memory made = registry.participant(maker);
        IParticipantRegistry.Participant memory audits = registry.participant(msg.sender);
        if (
            !registry.isActive(msg.sender, IParticipantRegistry.Role.AUDITOR)
                || audits.organisation == made.organisation
                || !registry.isWithin(made.region, audits.region)
        ) revert NotMakersAuditor(msg.sender, maker);
    }

    function _checkLines(Line[] calldata lines) private pure {
        if (lines.length == 0 || lines.length > MAX_LINES) revert BadRecipe();
        for (uint256 i; i < lines.length; ++i) {
            if (lines[i].material == 0 || lines[i].units == 0) revert BadRecipe();
            for (uint256 k; k < i; ++k) {
                if (lines[k].material == lines[i].material) revert BadRecipe();
            }
        }
    }

    /// @dev What is given of each of the recipe's materials.
    function _sum(uint64 id, Line[] memory rule, Line[] calldata given)
        private
        pure
        returns (uint256[] memory sums)
    {
        sums = new uint256[](rule.length);
        for (uint256 i; i < given.length; ++i) {
            uint256 k;
            while (k < rule.length && rule[k].material != given[i].material) ++k;
            if (k == rule.length) revert NotInRecipe(id, given[i].material);
            sums[k] += given[i].units;
        }
    }

    /// @dev The scarcest input decides.
    function _checkOutput(
        Recipe memory rule,
        uint256[] memory inputs,
        Line memory output,
        uint256 made
    ) private pure {
        uint256 most = type(uint256).max;
        for (uint256 j; j < inputs.length; ++j) {
            uint256 allowed = inputs[j] * output.units * rule.yieldBasisPoints
                / (uint256(rule.inputs[j].units) * _WHOLE);
            if (allowed < most) most = allowed;
        }
        if (made > most) revert YieldExceeded(output.material, made, most);
    }
}
