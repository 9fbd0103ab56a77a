using System.Diagnostics;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Processing;

namespace Ops.Runtime.Models;

/// <summary>Takes one version from its source into service: fetch, verify, load, warm up.</summary>
internal sealed class ModelLoader(ModelCache cache, SessionOpener sessions, WarmUp warmUp, ThreadTrial threads, IOptions<RuntimeOptions> options, ILogger<ModelLoader> log)
{
    /// <summary>Loads the version and puts it into service, or records why it cannot be served.</summary>
    /// <param name="model">The version.</param>
    /// <param name="report">Takes how far it is; null when nobody waits for the process as a whole.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>True when it is in service.</returns>
    public async Task<bool> LoadAsync(ServedModel model, LoadReport? report, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var folder = await cache.EnsureAsync(model.Options, bytes => report?.AddVerified(model, bytes), cancellation);
            var entry = ModelFiles.EntryPoint(model.Options)
                ?? throw new ModelLoadException($"{model.Name} version {model.Version} has no .onnx file.");
            LoadSession(model, folder, entry, report, cancellation);
            var elapsed = Stopwatch.GetElapsedTime(start);
            model.Metrics.LoadSeconds = elapsed.TotalSeconds;
            log.Loaded(model.Name, model.Version, elapsed.TotalSeconds);
            return true;
        }
        catch (ModelLoadException exception)
        {
            model.Fail(exception.Message);
            log.LoadFailed(model.Name, model.Version, exception.Message, exception);
            return false;
        }
    }

    private void LoadSession(ServedModel model, string folder, ModelFileOptions entry, LoadReport? report, CancellationToken cancellation)
    {
        OrtSession? session = null;
        RunSessions? loaded = null;
        try
        {
            report?.Say(model, LoadSteps.Session);

            // Before the model, which may take minutes to load.
            var processing = ProcessingLoader.Load(model.Options, folder);
            var execution = ExecutionSettings.Of(options.Value, model.Options);
            var kept = new KeptChoice(folder, sessions.Key(model, entry), execution, options.Value.EffectiveThreads, model.Scheduler.Settings.Instances);
            var threading = threads.Known(model, execution, kept);
            session = sessions.Open(model, folder, entry, threading is { Use: RunThreadUse.One });
            model.Metrics.Providers = session.Providers;
            model.Metrics.WantedProvider = execution.Providers.Count > 0 ? execution.Providers[0].Name : null;
            if (!warmUp.Run(model, session, execution, done => report?.Say(model, LoadSteps.WarmUp, done, execution.WarmUpRuns), cancellation))
            {
                threading ??= RunThreading.Shared("The warm-up failed, so nothing was measured.");
            }
            else if (threading is null)
            {
                report?.Say(model, LoadSteps.Threads);
                (loaded, threading) = threads.Choose(session, model, folder, entry, execution, kept);
            }

            if (loaded is null)
            {
                var second = threading.Use == RunThreadUse.Adaptive ? sessions.Open(model, folder, entry, oneThread: true) : null;
                loaded = new RunSessions(session, second, options.Value.EffectiveThreads);
                if (second is not null)
                {
                    warmUp.Run(model, second, execution, done => report?.Say(model, LoadSteps.WarmUp, done, execution.WarmUpRuns), cancellation);
                }
            }

            model.Metrics.RunThreads = threading.Use == RunThreadUse.One ? 1 : options.Value.EffectiveThreads;
            log.ThreadsChosen(model.Name, model.Version, model.Metrics.RunThreads, threading.Reason);
            model.Serve(loaded, processing, threading, execution.WarmUpShapes);
        }
        catch (OrtException exception)
        {
            Release();
            throw new ModelLoadException($"{model.Name} version {model.Version} could not be loaded by ONNX Runtime {OrtLibrary.Version} ({exception.Code}).", exception);
        }
        catch (ModelLoadException exception)
        {
            Release();
            throw new ModelLoadException($"{model.Name} version {model.Version} cannot be served. {exception.Message}", exception);
        }
        catch
        {
            Release();
            throw;
        }

        void Release()
        {
            loaded?.Dispose();
            session?.Dispose();
        }
    }
}
