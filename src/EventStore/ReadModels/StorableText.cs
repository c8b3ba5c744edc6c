using System.Buffers;
using System.Text;

namespace Waybill.EventStore.ReadModels;

/// <summary>Tells the texts that both stores can hold.</summary>
internal static class StorableText
{
    // PostgreSQL holds no U+0000, and neither store half a surrogate pair.
    private static readonly SearchValues<char> Suspects =
        SearchValues.Create([(char)0, .. Enumerable.Range(0xD800, 0x800).Select(code => (char)code)]);

    public static bool Is(ReadOnlySpan<char> text)
    {
        var rest = text;
        while (rest.IndexOfAny(Suspects) is >= 0 and var at)
        {
            rest = rest[at..];
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done || rune.Value == 0)
                return false;
            rest = rest[length..];
        }
        return true;
    }

    /// <summary>The text with a replacement for whatever cannot be stored.</summary>
    public static string Make(string text) => Is(text) ? text : string.Concat(
        text.EnumerateRunes().Select(rune => rune.Value == 0 ? "\uFFFD" : rune.ToString()));
}
