using System.Globalization;

namespace Waybill.Tests;

/// <summary>What whoever runs the tests may set in the environment.</summary>
internal static class Setting
{
    /// <summary>A number; null if it is not set.</summary>
    public static int? Of(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
            ? int.Parse(value, CultureInfo.InvariantCulture)
            : null;

    /// <summary>The seed of what is random: WAYBILL_SEED, or another one each time.</summary>
    public static int Seed() => Of("WAYBILL_SEED") ?? Random.Shared.Next();
}
