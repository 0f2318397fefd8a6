// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IRecipeBook
/// @notice What a maker makes from what, and the most that may come out of it: the yield that an auditor declares.
/// @dev A recipe never changes. A new yield is a new recipe; the one before is retired.
interface IRecipeBook {
    /// @notice A quantity of a material, in the material's base units.
    struct Line {
        uint64 material;
        uint64 units;
    }

    /// @notice What one batch takes and gives.
    /// @param maker The supplier that may use it.
    /// @param yieldBasisPoints The most that may come out of what `outputs` say, in ten thousandths: 1 to 10,000.
    /// @param inputs 1 to 8 different materials. @param outputs 1 to 8 different materials, with their units when nothing is lost.
    struct Recipe {
        address maker;
        uint16 yieldBasisPoints;
        Line[] inputs;
        Line[] outputs;
    }

    event RecipeSet(
        uint64 indexed recipe,
        address indexed maker,
        address indexed auditor,
        uint16 yieldBasisPoints,
        Line[] inputs,
        Line[] outputs
    );
    event RecipeEnded(uint64 indexed recipe, address indexed auditor);

    error BadRecipe();
    error UnknownRecipe(uint64 recipe);
    error RecipeRetired(uint64 recipe);
    error NotMakersAuditor(address caller, address maker);
    error NotMaker(uint64 recipe, address caller);
    error NotInRecipe(uint64 recipe, uint64 material);
    error YieldExceeded(uint64 material, uint256 made, uint256 most);

    /// @notice The recipe. @dev Reverts with `UnknownRecipe`.
    function recipe(uint64 id) external view returns (Recipe memory);

    /// @notice Number of recipes, which carry the ids 1 to this.
    function recipeCount() external view returns (uint64);

    /// @notice True for a recipe that may no longer be used.
    function isRetired(uint64 id) external view returns (bool);

    /// @notice Reverts unless `maker` may make `made` from `used` by this recipe; a material may stand in several lines.
    /// @dev For each output and each input: `made * input.units * 10,000 <= used * output.units * yieldBasisPoints`.
    function checkYield(uint64 id, address maker, Line[] calldata used, Line[] calldata made)
        external
        view;

    /// @notice Declares a recipe. @dev Only an active auditor of the maker's region, of another organisation than the maker's.
    function setRecipe(Recipe calldata definition) external returns (uint64 id);

    /// @notice Ends a recipe. @dev Only who could set it anew.
    function retireRecipe(uint64 id) external;
}
