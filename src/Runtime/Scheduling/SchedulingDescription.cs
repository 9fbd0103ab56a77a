using System.Text.Json;

namespace Ops.Runtime.Scheduling;

/// <summary>Tells clients how a model's requests are run, in the <c>parameters</c> of its metadata.</summary>
internal static class SchedulingDescription
{
    /// <summary>Writes members of the object that is open.</summary>
    public static void Write(Utf8JsonWriter json, ModelScheduler scheduler)
    {
        var (settings, policy) = (scheduler.Settings, scheduler.Policy);
        json.WriteString("batching"u8, policy.IsOn ? "on"u8 : "off"u8);
        json.WriteString("batching_reason"u8, policy.Reason);
        json.WriteNumber("max_batch_size"u8, policy.MaxBatchSize);
        json.WriteStartArray("preferred_batch_sizes"u8);
        foreach (var size in policy.PreferredBatchSizes)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteNumber("max_queue_delay_microseconds"u8, (long)policy.MaxQueueDelay.TotalMicroseconds);
        json.WriteNumber("instances"u8, settings.Instances);
        json.WriteNumber("queue_limit"u8, settings.QueueLimit);
        json.WriteNumber("priority_levels"u8, settings.Queue.PriorityLevels);
        json.WriteNumber("default_priority"u8, settings.Queue.EffectiveDefaultPriority);
        json.WriteNumber("default_timeout_milliseconds"u8, settings.Queue.DefaultTimeoutMilliseconds);
        json.WriteNumber("max_timeout_milliseconds"u8, settings.Queue.MaxTimeoutMilliseconds);
    }
}
