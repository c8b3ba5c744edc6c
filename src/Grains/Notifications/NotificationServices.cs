using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Notifications;

/// <summary>Registers with a silo what tells customers.</summary>
public static class NotificationServices
{
    /// <summary>
    /// Lets a silo tell customers what happens to what is theirs. It needs projections and sagas beside this.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="webhook">Where notifications are posted; null to write them to the log.</param>
    public static ISiloBuilder AddNotifications(this ISiloBuilder silo, WebhookOptions? webhook)
    {
        if (webhook is null)
            silo.Services.AddSingleton<INotificationSender, LogSender>();
        else
            silo.Services.AddSingleton(webhook).AddSingleton<INotificationSender, WebhookSender>();
        silo.Services.AddSingleton<INotifier, CustomerNotifier>();
        silo.Services.AddSingleton<MessageType, UndeliveredMessage>();
        return silo;
    }
}
