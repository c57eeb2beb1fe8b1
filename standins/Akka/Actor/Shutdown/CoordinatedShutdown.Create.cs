using Akka.Configuration;

namespace Akka.Actor;

public sealed partial class CoordinatedShutdown
{
    internal static CoordinatedShutdown Create(ExtendedActorSystem system)
    {
        var config = system.Settings.Config.GetConfig("akka.coordinated-shutdown");
        var shutdown = new CoordinatedShutdown(system, Phase.FromConfig(config));
        EndSystemInLastPhase(shutdown, config);
        if (config.GetBoolean("run-by-clr-shutdown-hook")) FollowProcessExit(shutdown);
        return shutdown;
    }

    private static void EndSystemInLastPhase(CoordinatedShutdown shutdown, Config config)
    {
        var system = shutdown.System;
        var exits = config.GetBoolean("exit-clr");
        if (!system.Settings.CoordinatedShutdownTerminateActorSystem)
        {
            if (exits) shutdown.AddTask(PhaseActorSystemTerminate, "exit-clr", () => Exit(shutdown));
            return;
        }

        shutdown.AddTask(PhaseActorSystemTerminate, "terminate-system", async () =>
        {
            system.FinalTerminate();
            await system.WhenTerminated.ConfigureAwait(false);
            return exits ? await Exit(shutdown).ConfigureAwait(false) : Done.Instance;
        });
    }

    private static Task<Done> Exit(CoordinatedShutdown shutdown)
    {
        // Not from here: the exit waits for the process's hooks, and they for this shutdown.
        _ = Task.Run(() => Environment.Exit(shutdown.ShutdownReason.ExitCode));
        return Task.FromResult(Done.Instance);
    }

    private static void FollowProcessExit(CoordinatedShutdown shutdown)
    {
        var weak = new WeakReference<CoordinatedShutdown>(shutdown);   // The process must not keep ended systems alive.
        void OnExit(object sender, EventArgs e)
        {
            if (weak.TryGetTarget(out var target) && !target.System.WhenTerminated.IsCompleted) target.RunByClrShutdownHook();
        }

        AppDomain.CurrentDomain.ProcessExit += OnExit;
        shutdown.System.RegisterOnTermination(() => AppDomain.CurrentDomain.ProcessExit -= OnExit);
    }
}
