using System.Diagnostics.CodeAnalysis;
using Waybill.Api.Http;
using Waybill.EventStore;

namespace Waybill.Api.Admin;

/// <summary>A stream by its name as text, for example <c>account-4711</c>: a saga's id is one too.</summary>
internal readonly record struct StreamRef : ITextValue<StreamRef>
{
    private const int LengthMax = 200;

    public static string Expected => "a stream such as account-4711";

    public StreamName Value { get; private init; }

    string ITextValue<StreamRef>.Value => Value.ToString();

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out StreamRef result)
    {
        // A category has no hyphen, so that the first one ends it.
        var hyphen = s?.IndexOf('-') ?? -1;
        var isStream = s is { Length: <= LengthMax } && hyphen > 0 && hyphen < s.Length - 1
            && s[..hyphen].All(char.IsAsciiLetterLower)
            && s[(hyphen + 1)..].All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
        result = isStream ? new() { Value = new(s![..hyphen], s[(hyphen + 1)..]) } : default;
        return isStream;
    }
}
