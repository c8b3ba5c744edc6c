using System.Globalization;

namespace Waybill.Demo.Books;

/// <summary>What is off, in a line each.</summary>
internal static class Offences
{
    public static IEnumerable<string> Unequal(string what, long found, long expected)
    {
        if (found != expected)
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{what}: {found}, and not {expected} ({found - expected:+0;-0})");
    }
}
