using System.Security.Cryptography;

namespace Waybill.EventStore.Integrity;

/// <summary>
/// Goes along the log row by row and finds the first one at which it is not what was written. What it cannot tell
/// without an anchor is whether somebody with the right to write has made the whole chain anew from some row on.
/// </summary>
/// <param name="chainStart">The position after which every event has a hash, and before which none has.</param>
/// <param name="anchor">What the log once ended with; null if nobody knows.</param>
internal sealed class ChainCheck(long chainStart, LogAnchor? anchor)
{
    private readonly byte[] _previous = new byte[RowBytes.HashSize];
    private long _position;

    /// <summary>Checks the rows of a page, which go on where the last page ended.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public Verification.Broken? Check(AuditPage page)
    {
        foreach (var row in page.Rows)
            if (Check(page, row) is { } reason)
                return new(_position + 1, reason);
            else
                _position++;
        return null;
    }

    /// <summary>Says what the check has found, once there are no more rows.</summary>
    public Verification End()
    {
        if (anchor?.Position > _position)
            return new Verification.Broken(
                _position + 1,
                $"The log ends at position {_position}, but it once reached {anchor.Position}: it was cut off.");
        var isChained = _position > chainStart;
        return new Verification.Intact(
            isChained ? new(_position, Convert.ToHexStringLower(_previous)) : null, Math.Min(_position, chainStart));
    }

    private string? Check(AuditPage page, AuditPage.Row row)
    {
        var position = _position + 1;
        if (row.Position > position)
            return "The event is missing.";
        if (row.Position < position)
            return $"An event stands at position {row.Position}, which is never given.";
        if (position <= chainStart)
        {
            if (row.HashLength > 0)
                return "The event has a hash, though the chain began after it.";
        }
        else if (row.HashLength == 0)
        {
            return "The event has no hash, though the chain had begun before it.";
        }
        else
        {
            // Where the chain begins, what comes before its first hash is zeros.
            var bytes = page.Bytes[row.Start, row.Length];
            _previous.CopyTo(bytes);
            SHA256.HashData(bytes, _previous);
            if (!page.Bytes[row.Start + row.Length, row.HashLength].SequenceEqual(_previous))
                return "The hash does not fit: this event, its hash, or the event before it is not what was written.";
        }
        if (anchor?.Position == position && !Convert.ToHexStringLower(_previous).Equals(
            anchor.Hash, StringComparison.OrdinalIgnoreCase))
            return "The hash is not the one of the anchor: the log was made anew, at this event or before it.";
        return row.Follows ? null : "The stream's version before this one is missing or stands after it.";
    }
}
