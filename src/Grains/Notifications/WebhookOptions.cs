using System.Diagnostics.CodeAnalysis;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Grains.Notifications;

/// <summary>Where notifications are posted, how they are signed, and how much is expected of who takes them.</summary>
public sealed record WebhookOptions
{
    private const string SecretPrefix = "whsec_";

    // What Standard Webhooks demands: shorter ones can be guessed, longer ones add nothing.
    private const int KeyBytesMin = 24;
    private const int KeyBytesMax = 64;

    private WebhookOptions(Uri url, byte[] key) => (Url, Key) = (url, key);

    /// <summary>The shortest limit of an answer.</summary>
    public static TimeSpan TimeoutMin { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest limit of an answer; <see cref="ProjectionOptions.NotifierLimit"/> is longer.</summary>
    public static TimeSpan TimeoutMax { get; } = TimeSpan.FromSeconds(20);

    /// <summary>The shortest pause that the circuit breaker takes.</summary>
    public static TimeSpan PauseMin { get; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Where they are posted.</summary>
    public Uri Url { get; }

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause after the receiver has failed repeatedly; doubled while it goes on failing.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest such pause: how late the receiver's return may be noticed.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The key of the signatures.</summary>
    internal byte[] Key { get; }

    /// <summary>Reads what an operator has set.</summary>
    /// <param name="url">
    /// An address of <c>https</c>, since customers' affairs are posted there; of <c>http</c> on this machine only.
    /// </param>
    /// <param name="secret"><c>whsec_</c> and 24 to 64 bytes in base64, as Standard Webhooks writes secrets.</param>
    /// <param name="options">The options.</param>
    /// <param name="error">What is wrong, without the secret; null if nothing is.</param>
    public static bool TryRead(
        string? url,
        string? secret,
        [NotNullWhen(true)] out WebhookOptions? options,
        out string? error)
    {
        (options, error) = (null, null);
        if (!IsUrl(url, out var address))
            error = "Url must be an https address without a user; http will do on this machine.";
        else if (!IsSecret(secret, out var key))
            error = $"Secret must be {SecretPrefix} and {KeyBytesMin} to {KeyBytesMax} bytes in base64.";
        else
            options = new(address, key);
        return options is not null;
    }

    /// <summary>Names the receiver, and nothing that is secret: paths and queries of webhooks often are.</summary>
    public override string ToString() => Url.GetLeftPart(UriPartial.Authority);

    private static bool IsUrl(string? text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url)
        && url is { UserInfo: "", Fragment: "" }
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    private static bool IsSecret(string? text, [NotNullWhen(true)] out byte[]? key)
    {
        key = null;
        if (text?.StartsWith(SecretPrefix, StringComparison.Ordinal) is not true)
            return false;
        Span<byte> bytes = stackalloc byte[KeyBytesMax + 3];
        if (!Convert.TryFromBase64String(text[SecretPrefix.Length..], bytes, out var count)
            || count is < KeyBytesMin or > KeyBytesMax)
            return false;
        key = bytes[..count].ToArray();
        return true;
    }
}
