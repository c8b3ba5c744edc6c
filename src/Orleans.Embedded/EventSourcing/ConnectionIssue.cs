namespace Orleans.EventSourcing
{
    /// <summary>Trouble with storage, as a grain is told of it.</summary>
    public abstract class ConnectionIssue
    {
        /// <summary>When it happened, in UTC.</summary>
        public DateTime TimeStamp { get; set; }

        /// <summary>When the first of this row of failures happened, in UTC.</summary>
        public DateTime TimeOfFirstFailure { get; set; }

        /// <summary>How many in a row, with this one.</summary>
        public int NumberOfConsecutiveFailures { get; set; }

        /// <summary>How long until the next attempt; the grain may change it.</summary>
        public TimeSpan RetryDelay { get; set; }

        /// <summary>The delay after this failure, given the one after the failure before it in the row.</summary>
        public abstract TimeSpan ComputeRetryDelay(TimeSpan? previous);
    }
}

namespace Orleans.EventSourcing.Common
{
    /// <summary>Storage threw.</summary>
    public abstract class PrimaryOperationFailed : ConnectionIssue
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

        private protected PrimaryOperationFailed()
        {
        }

        /// <summary>What it threw.</summary>
        public Exception Exception { get; set; } = null!;

        /// <summary>
        /// None after the first failure; then from some milliseconds half as much again each time, to about ten
        /// seconds.
        /// </summary>
        public override TimeSpan ComputeRetryDelay(TimeSpan? previous)
        {
            if (previous is not { } last) return TimeSpan.Zero;
            var longer = (last + TimeSpan.FromMilliseconds(Random.Shared.Next(5, 15))) * 1.5;
            return longer < Longest ? longer : Longest + TimeSpan.FromMilliseconds(Random.Shared.Next(1, 200));
        }
    }

    internal sealed class ReadFromPrimaryFailed : PrimaryOperationFailed;

    internal sealed class UpdatePrimaryFailed : PrimaryOperationFailed;
}
