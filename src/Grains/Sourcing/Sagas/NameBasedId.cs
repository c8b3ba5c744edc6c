using System.Security.Cryptography;
using System.Text;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>Ids that are made of what they name, so that whoever makes one again makes the same.</summary>
internal static class NameBasedId
{
    /// <summary>A UUID of version 8, as RFC 9562 has it for names: the head of the SHA-256 of the name.</summary>
    public static Guid Of(params ReadOnlySpan<object> name)
    {
        // No part can pretend to be two: parts have no control characters.
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', name!)));
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x80);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes.AsSpan(0, 16), bigEndian: true);
    }
}
