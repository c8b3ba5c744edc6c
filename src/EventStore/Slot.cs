using System.Security.Cryptography;
using System.Text;

namespace Waybill.EventStore;

/// <summary>
/// The finest division of the log, stored with each event; queues are made of slots, so that their number can change.
/// </summary>
public static class Slot
{
    /// <summary>How many there are.</summary>
    public const int Count = 256;

    /// <summary>
    /// A stream's slot: the first byte of the SHA-256 of its name, so that it is the same on every machine and in SQL.
    /// </summary>
    public static int Of(StreamName stream)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(stream.ToString()), hash);
        return hash[0];
    }
}
