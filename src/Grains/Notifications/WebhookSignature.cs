using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Waybill.Grains.Notifications;

/// <summary>
/// Signs what is posted, so that its receiver knows that it comes from here and is not an old one played again: HMAC of
/// SHA-256 over id, time and body, as Standard Webhooks 1.0.0 has it
/// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
/// </summary>
public static class WebhookSignature
{
    /// <summary>The header of the id, which is the same however often something is sent.</summary>
    public const string IdHeader = "webhook-id";

    /// <summary>The header of the time of the attempt, in seconds since 1970.</summary>
    public const string TimestampHeader = "webhook-timestamp";

    /// <summary>The header of the signature.</summary>
    public const string SignatureHeader = "webhook-signature";

    /// <summary>The signature as it stands in its header.</summary>
    public static string Of(ReadOnlySpan<byte> key, string id, long timestamp, string body)
    {
        var signed = string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.{body}");
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed)))}";
    }
}
