namespace Waybill.Api.Admin;

/// <summary>What went wrong inside, as far as it may be answered.</summary>
internal static class ErrorTexts
{
    /// <summary>An error's text without its stack: that is for the log, and names the inside.</summary>
    public static string Shown(string error) => string.Join('\n', error.ReplaceLineEndings("\n").Split('\n').Where(
        line => !line.StartsWith("   at ", StringComparison.Ordinal)
            && !line.StartsWith("   --- ", StringComparison.Ordinal)));
}
