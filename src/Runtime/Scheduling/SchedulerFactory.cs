using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Scheduling;

/// <summary>Makes the scheduler of a model from the configuration of the process and of the model.</summary>
internal sealed class SchedulerFactory(IOptions<RuntimeOptions> options, RequestsInFlight inFlight, TimeProvider time, ILogger<ModelScheduler> log)
{
    /// <param name="model">The model's part of the configuration.</param>
    /// <param name="metrics">Counts.</param>
    /// <returns>The caller disposes it.</returns>
    public ModelScheduler Create(ModelOptions model, ModelMetrics metrics)
    {
        var settings = new SchedulerSettings(
            model.Instances > 0 ? model.Instances : options.Value.EffectiveParallelRuns,
            model.Queue.Limit > 0 ? model.Queue.Limit : options.Value.QueueLimit,
            model.Queue);
        return new ModelScheduler(settings, metrics, time, log, inFlight.Cut);
    }
}
