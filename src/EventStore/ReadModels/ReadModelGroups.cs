namespace Waybill.EventStore.ReadModels;

/// <summary>Which rows to count and to add up, and by what they are grouped.</summary>
/// <param name="By">
/// The properties, or columns, that a group's rows have in common: texts or enums that are never empty. The groups come
/// in the order of these, texts by their UTF-8 bytes.
/// </param>
/// <param name="Sums">The properties, or columns, to add up: whole numbers; empty ones count as 0.</param>
/// <param name="Where">Which rows, as <see cref="ReadModelQuery.Where"/>.</param>
/// <param name="Values">The values in it.</param>
/// <param name="After">The <see cref="RowGroup.By"/> after which to go on; null for the beginning.</param>
/// <param name="Limit">How many groups at most.</param>
public sealed record ReadModelGroups(
    IReadOnlyList<string> By,
    IReadOnlyList<string> Sums,
    string? Where = null,
    IReadOnlyList<object?>? Values = null,
    IReadOnlyList<string>? After = null,
    int Limit = 100);

/// <summary>Some rows taken together.</summary>
/// <param name="By">What they have in common.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Sums">What they add up to. Wider than what a row holds: sums of many rows do not overflow.</param>
public sealed record RowGroup(IReadOnlyList<string> By, long Count, IReadOnlyList<Int128> Sums);
