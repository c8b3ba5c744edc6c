using System.Buffers;
using System.Text;

namespace Waybill.EventStore.ReadModels;

/// <summary>Tells the texts that both stores can hold.</summary>
internal static class StorableText
{
    /// <summary>PostgreSQL holds no U+0000, and neither store half a surrogate pair.</summary>
    public static bool Is(ReadOnlySpan<char> text)
    {
        if (text.Contains('\0'))
            return false;
        var rest = text;
        while (rest.IndexOfAnyInRange('\uD800', '\uDFFF') is >= 0 and var at)
        {
            rest = rest[at..];
            if (Rune.DecodeFromUtf16(rest, out _, out var length) != OperationStatus.Done)
                return false;
            rest = rest[length..];
        }
        return true;
    }

    /// <summary>The text with a replacement for whatever cannot be stored.</summary>
    public static string Make(string text) => Is(text) ? text : string.Concat(
        text.EnumerateRunes().Select(rune => rune.Value == 0 ? "\uFFFD" : rune.ToString()));
}
