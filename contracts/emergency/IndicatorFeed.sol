// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "../../interfaces/AggregatorV3Interface.sol";
import {IIndicatorOracle} from "../../interfaces/IIndicatorOracle.sol";

/// @title IndicatorFeed
/// @notice One series of the IndicatorOracle (an indicator in a region) in the form that the field reads; a round is a unix day.
/// @dev Holds nothing: each answer is the oracle's. Opened by `IIndicatorOracle.openFeed`.
contract IndicatorFeed is AggregatorV3Interface {
    uint256 private constant VERSION = 1;

    /// @notice The oracle that opened this feed.
    IIndicatorOracle public immutable oracle;
    /// @notice The indicator that it answers for.
    bytes32 public immutable indicator;
    /// @notice The region that it answers for.
    bytes32 public immutable region;
    /// @inheritdoc AggregatorV3Interface
    uint8 public immutable decimals;

    constructor(bytes32 indicatorId, bytes32 regionId, uint8 valueDecimals) {
        oracle = IIndicatorOracle(msg.sender);
        indicator = indicatorId;
        region = regionId;
        decimals = valueDecimals;
    }

    /// @inheritdoc AggregatorV3Interface
    function description() external view returns (string memory) {
        return string.concat(_text(indicator), " / ", _text(region));
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return VERSION;
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(uint80 round)
        external
        view
        returns (
            uint80 roundId,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        )
    {
        return _answer(round > type(uint32).max ? type(uint32).max : uint32(round));
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData()
        external
        view
        returns (
            uint80 roundId,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        )
    {
        return _answer(oracle.newestDay(indicator, region));
    }

    function _answer(uint32 day) private view returns (uint80, int256, uint256, uint256, uint80) {
        IIndicatorOracle.Figure memory figure = oracle.figure(indicator, region, day);
        if (figure.updatedAt == 0) revert IIndicatorOracle.NoData(indicator, region, day);
        return (day, int256(uint256(figure.value)), uint256(day) * 1 days, figure.updatedAt, day);
    }

    /// @dev The text in a word, padded with zeros on the right.
    function _text(bytes32 word) private pure returns (string memory) {
        uint256 length;
        while (length < 32 && word[length] != 0) ++length;
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = word[i];
        }
        return string(text);
    }
}
