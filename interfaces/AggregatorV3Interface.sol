// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title AggregatorV3Interface
/// @notice The form of feed that the field reads.
interface AggregatorV3Interface {
    /// @notice Decimal places of every answer.
    function decimals() external view returns (uint8);

    /// @notice What the feed is about.
    function description() external view returns (string memory);

    /// @notice Version of the feed's own code.
    function version() external view returns (uint256);

    /// @notice The answer of a round; feeds of this project revert when there is none, others may return zeros.
    /// @return roundId The round.
    /// @return answer Its answer, in 10^-`decimals`.
    /// @return startedAt Unix seconds.
    /// @return updatedAt Unix seconds; zero when there is no answer.
    /// @return answeredInRound The round.
    function getRoundData(uint80 round)
        external
        view
        returns (
            uint80 roundId,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        );

    /// @notice The answer of the newest round, in the form of `getRoundData`.
    function latestRoundData()
        external
        view
        returns (
            uint80 roundId,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        );
}
