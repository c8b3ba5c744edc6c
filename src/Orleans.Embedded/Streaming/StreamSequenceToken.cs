using System.Globalization;
using Orleans.Streams;

namespace Orleans.Streams
{
    /// <summary>A place in a queue. Places of one queue compare; an event's is finer than its batch's.</summary>
    [GenerateSerializer]
    public abstract class StreamSequenceToken : IEquatable<StreamSequenceToken>, IComparable<StreamSequenceToken>
    {
        /// <summary>The batch's place.</summary>
        public abstract long SequenceNumber { get; protected set; }

        /// <summary>The event's place within its batch.</summary>
        public abstract int EventIndex { get; protected set; }

        /// <inheritdoc/>
        public abstract bool Equals(StreamSequenceToken? other);

        /// <inheritdoc/>
        public abstract int CompareTo(StreamSequenceToken? other);
    }

    /// <summary>Comparisons in words.</summary>
    public static class StreamSequenceTokenUtilities
    {
        /// <summary>Whether it comes after <paramref name="other"/>.</summary>
        public static bool Newer(this StreamSequenceToken me, StreamSequenceToken other) => me.CompareTo(other) > 0;

        /// <summary>Whether it comes before <paramref name="other"/>.</summary>
        public static bool Older(this StreamSequenceToken me, StreamSequenceToken other) => me.CompareTo(other) < 0;
    }
}

namespace Orleans.Providers.Streams.Common
{
    /// <summary>The usual token: two numbers.</summary>
    [GenerateSerializer]
    public class EventSequenceToken : StreamSequenceToken
    {
        /// <summary>The first place.</summary>
        public EventSequenceToken()
        {
        }

        /// <summary>The place of a batch.</summary>
        public EventSequenceToken(long sequenceNumber)
            : this(sequenceNumber, 0)
        {
        }

        /// <summary>The place of an event in a batch.</summary>
        public EventSequenceToken(long sequenceNumber, int eventIndex) =>
            (SequenceNumber, EventIndex) = (sequenceNumber, eventIndex);

        /// <inheritdoc/>
        [Id(0)]
        public override long SequenceNumber { get; protected set; }

        /// <inheritdoc/>
        [Id(1)]
        public override int EventIndex { get; protected set; }

        /// <summary>The place of one event of this batch.</summary>
        public EventSequenceToken CreateSequenceTokenForEvent(int eventInd) => new(SequenceNumber, eventInd);

        /// <inheritdoc/>
        public override bool Equals(object? obj) => Equals(obj as EventSequenceToken);

        /// <inheritdoc/>
        public override bool Equals(StreamSequenceToken? other) =>
            other is EventSequenceToken && Places.Compare(this, other) == 0;

        /// <inheritdoc/>
        /// <exception cref="ArgumentOutOfRangeException">The other is of another kind.</exception>
        public override int CompareTo(StreamSequenceToken? other) => other switch
        {
            null => 1,
            EventSequenceToken => Places.Compare(this, other),
            _ => throw new ArgumentOutOfRangeException(nameof(other), other, "Tokens of two kinds do not compare."),
        };

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(SequenceNumber, EventIndex);

        /// <inheritdoc/>
        public override string ToString() => Places.Format(this);
    }

    /// <summary>The same two numbers as another kind: what genuine Orleans' newer providers use.</summary>
    [GenerateSerializer]
    public class EventSequenceTokenV2 : StreamSequenceToken
    {
        /// <summary>The first place.</summary>
        public EventSequenceTokenV2()
        {
        }

        /// <summary>The place of a batch.</summary>
        public EventSequenceTokenV2(long seqNumber)
            : this(seqNumber, 0)
        {
        }

        /// <summary>The place of an event in a batch.</summary>
        public EventSequenceTokenV2(long seqNumber, int eventInd) =>
            (SequenceNumber, EventIndex) = (seqNumber, eventInd);

        /// <inheritdoc/>
        [Id(0)]
        public override long SequenceNumber { get; protected set; }

        /// <inheritdoc/>
        [Id(1)]
        public override int EventIndex { get; protected set; }

        /// <summary>The place of one event of this batch.</summary>
        public EventSequenceTokenV2 CreateSequenceTokenForEvent(int eventInd) => new(SequenceNumber, eventInd);

        /// <inheritdoc/>
        public override bool Equals(object? obj) => Equals(obj as EventSequenceTokenV2);

        /// <inheritdoc/>
        public override bool Equals(StreamSequenceToken? other) =>
            other is EventSequenceTokenV2 && Places.Compare(this, other) == 0;

        /// <inheritdoc/>
        /// <exception cref="ArgumentOutOfRangeException">The other is of another kind.</exception>
        public override int CompareTo(StreamSequenceToken? other) => other switch
        {
            null => 1,
            EventSequenceTokenV2 => Places.Compare(this, other),
            _ => throw new ArgumentOutOfRangeException(nameof(other), other, "Tokens of two kinds do not compare."),
        };

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(SequenceNumber, EventIndex);

        /// <inheritdoc/>
        public override string ToString() => Places.Format(this);
    }

    internal static class Places
    {
        internal static int Compare(StreamSequenceToken me, StreamSequenceToken other) =>
            (me.SequenceNumber, me.EventIndex).CompareTo((other.SequenceNumber, other.EventIndex));

        internal static string Format(StreamSequenceToken token) => string.Create(
            CultureInfo.InvariantCulture,
            $"[{token.GetType().Name}: SeqNum={token.SequenceNumber}, EventIndex={token.EventIndex}]");
    }
}
