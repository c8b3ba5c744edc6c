using System.Text.RegularExpressions;

namespace Waybill.EventStore.ReadModels;

/// <summary>Says why an event failed in words that do not depend on which event it was.</summary>
public static partial class ParkedCause
{
    private const int LengthMax = 200;

    /// <summary>
    /// The error's type and message, without the event's own numbers and ids: what fails alike can be redriven at once.
    /// </summary>
    public static string Of(Exception error, StoredEvent stored)
    {
        var cause = error is UnreadableEventException
            ? $"{nameof(UnreadableEventException)}: {stored.Type} v{stored.SchemaVersion}"
            : $"{error.GetType().Name}: {Particular().Replace(WithoutId(error.Message, stored.Stream.Id), "#")}";
        return cause.Length <= LengthMax ? cause : cause[..LengthMax];
    }

    private static string WithoutId(string message, string id) =>
        Regex.Replace(message, $@"(?<![\w-]){Regex.Escape(id)}(?![\w-])", "#", RegexOptions.CultureInvariant);

    // Ids, numbers and quoted texts, and what no store can hold.
    [GeneratedRegex("""'[^']*'|"[^"]*"|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9]+(?:[.,:][0-9]+)*|[\p{Cs}\p{Cc}]+""")]
    private static partial Regex Particular();
}
