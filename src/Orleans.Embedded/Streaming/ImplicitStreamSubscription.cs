using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Orleans.Runtime;
using Orleans.Streams;

namespace Orleans
{
    /// <summary>
    /// Every grain of this class is subscribed to the stream that has its key and the given namespace. Such a
    /// subscription is never made or lost: an event activates the grain.
    /// </summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public class ImplicitStreamSubscriptionAttribute : Attribute
    {
        /// <summary>Subscribes to every namespace.</summary>
        public ImplicitStreamSubscriptionAttribute() => Predicate = new RegexStreamNamespacePredicate("");

        /// <summary>Subscribes to one namespace. There are no mappers here: the second is null.</summary>
        public ImplicitStreamSubscriptionAttribute(string streamNamespace, string? streamIdMapper = null)
            : this(new ExactNamespace(streamNamespace.Trim()), streamIdMapper)
        {
        }

        /// <summary>Subscribes to the namespaces that a predicate holds for.</summary>
        public ImplicitStreamSubscriptionAttribute(IStreamNamespacePredicate predicate, string? streamIdMapper = null)
        {
            if (streamIdMapper is not null) throw new NotSupportedException("A stream's key is its grain's key here.");
            Predicate = predicate;
        }

        /// <summary>Which namespaces.</summary>
        public IStreamNamespacePredicate Predicate { get; }

        private sealed class ExactNamespace(string target) : IStreamNamespacePredicate
        {
            public string PredicatePattern => $"namespace:{target}";

            public bool IsMatch(string streamNamespace) => streamNamespace.Trim() == target;
        }
    }

    /// <summary>Subscribes to the namespaces that match a regular expression.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public sealed class RegexImplicitStreamSubscriptionAttribute(
        [StringSyntax(StringSyntaxAttribute.Regex)] string pattern)
        : ImplicitStreamSubscriptionAttribute(new RegexStreamNamespacePredicate(pattern));
}

namespace Orleans.Streams
{
    /// <summary>A set of namespaces.</summary>
    public interface IStreamNamespacePredicate
    {
        /// <summary>The set in words.</summary>
        string PredicatePattern { get; }

        /// <summary>Whether the namespace is in it.</summary>
        bool IsMatch(string streamNamespace);
    }

    /// <summary>The namespaces that match a regular expression.</summary>
    public class RegexStreamNamespacePredicate(string regex) : IStreamNamespacePredicate
    {
        private readonly Regex _regex = new(regex);

        /// <inheritdoc/>
        public string PredicatePattern => $"regex:{_regex}";

        /// <inheritdoc/>
        public bool IsMatch(string streamNameSpace) => _regex.IsMatch(streamNameSpace);
    }
}

namespace Orleans.Streams.Core
{
    /// <summary>What a grain implements to learn of an event for which it has no observer, and to attach one.</summary>
    public interface IStreamSubscriptionObserver
    {
        /// <summary>Called before the event is delivered. If it attaches no observer, the event is dropped.</summary>
        Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory);
    }

    /// <summary>Names a subscription and makes its handle.</summary>
    public interface IStreamSubscriptionHandleFactory
    {
        /// <summary>The stream.</summary>
        StreamId StreamId { get; }

        /// <summary>The stream's provider.</summary>
        string ProviderName { get; }

        /// <summary>The subscription.</summary>
        GuidId SubscriptionId { get; }

        /// <summary>The subscription's handle, for a stream of <typeparamref name="T"/>.</summary>
        StreamSubscriptionHandle<T> Create<T>();
    }
}
