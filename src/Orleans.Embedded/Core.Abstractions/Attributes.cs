using System.Globalization;

namespace Orleans
{
    using Orleans.Runtime;

    /// <summary>Gives a grain class its kind by name; without it the class's name decides.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class GrainTypeAttribute(string grainType) : Attribute
    {
        internal GrainType GrainType { get; } = GrainType.Create(grainType);
    }

    /// <summary>The grain's activations are never collected for being idle.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public class KeepAliveAttribute : Attribute;

    /// <summary>How long an activation of this class may be idle before it is collected. At least one minute.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public class CollectionAgeLimitAttribute : Attribute
    {
        /// <summary>The shortest age that can be asked for.</summary>
        public static readonly TimeSpan MinAgeLimit = TimeSpan.FromMinutes(1);

        /// <summary>Days, added to the rest.</summary>
        public double Days { get; set; }

        /// <summary>Hours, added to the rest.</summary>
        public double Hours { get; set; }

        /// <summary>Minutes, added to the rest.</summary>
        public double Minutes { get; set; }

        /// <summary>The age that the parts make.</summary>
        public TimeSpan AgeLimit
        {
            get
            {
                var age = TimeSpan.FromDays(Days) + TimeSpan.FromHours(Hours) + TimeSpan.FromMinutes(Minutes);
                return age < MinAgeLimit ? MinAgeLimit : age;
            }
        }
    }

    /// <summary>
    /// How long a caller waits for the answer of this method, or of every method of this interface: "hh:mm:ss".
    /// </summary>
    [AttributeUsage(AttributeTargets.Interface | AttributeTargets.Method)]
    public sealed class ResponseTimeoutAttribute(string timeout) : Attribute
    {
        internal TimeSpan Timeout { get; } = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture);
    }
}

namespace Orleans.Concurrency
{
    using Orleans.Placement;

    /// <summary>The caller does not wait: no answer is sent, and an exception is lost (but logged).</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class OneWayAttribute : Attribute;

    /// <summary>Calls may interleave with any other call of the same activation.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class ReentrantAttribute : Attribute;

    /// <summary>This method may interleave with any other call.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class AlwaysInterleaveAttribute : Attribute;

    /// <summary>This method changes no state, so it may interleave with other such methods.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ReadOnlyAttribute : Attribute;

    /// <summary>
    /// Several activations of one grain, on whichever silo the caller is; they are not found through the directory.
    /// </summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class StatelessWorkerAttribute : PlacementAttribute
    {
        /// <summary>As many on one silo as it has processors.</summary>
        public StatelessWorkerAttribute()
            : this(Environment.ProcessorCount)
        {
        }

        /// <summary>At most <paramref name="maxLocalWorkers"/> on one silo.</summary>
        public StatelessWorkerAttribute(int maxLocalWorkers) => MaxLocalWorkers = maxLocalWorkers;

        internal int MaxLocalWorkers { get; }
    }
}

namespace Orleans.Placement
{
    /// <summary>Says where a grain's activations are made.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public abstract class PlacementAttribute : Attribute
    {
        private protected PlacementAttribute()
        {
        }
    }
}
