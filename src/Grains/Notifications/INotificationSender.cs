using Microsoft.Extensions.Logging;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Grains.Notifications;

/// <summary>A way to customers. Safe for concurrent use.</summary>
public interface INotificationSender
{
    /// <summary>Sends one notification. It may have been sent before.</summary>
    /// <returns>Null if it was taken; else the code of a refusal that another attempt would meet again.</returns>
    /// <exception cref="NotifierAwayException">None would be taken now.</exception>
    /// <exception cref="HttpRequestException">This one was not taken; another attempt may succeed.</exception>
    Task<string?> SendAsync(Notification notification, CancellationToken cancellation);
}

/// <summary>Writes notifications to the log, where nobody has said whom to send them to.</summary>
public sealed partial class LogSender(ILogger<LogSender> logger) : INotificationSender
{
    /// <inheritdoc/>
    public Task<string?> SendAsync(Notification notification, CancellationToken cancellation)
    {
        Notified(notification.Id, notification.Body);
        return Task.FromResult<string?>(null);
    }

    [LoggerMessage(LogLevel.Information, "Notification {Id}: {Body}")]
    private partial void Notified(Guid id, string body);
}
