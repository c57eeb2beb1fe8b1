using Akka.Actor;
using Akka.Actor.Internal;

namespace Akka.TestKit;

/// <summary>Lends the test actor to every thread that an asynchronous test continues on, so that it stays the sender.</summary>
internal sealed class ImplicitSenderContext(ActorCell testActor) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object state) =>
        ThreadPool.QueueUserWorkItem(static work => work.Context.Send(work.Callback, work.State), (Context: this, Callback: d, State: state), preferLocal: false);

    public override void Send(SendOrPostCallback d, object state)
    {
        var (cell, context) = (InternalCurrentActorCellKeeper.Current, Current);
        Use();
        try
        {
            d(state);
        }
        finally
        {
            InternalCurrentActorCellKeeper.Current = cell;
            SetSynchronizationContext(context);
        }
    }

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>On this thread, from now on.</summary>
    public void Use()
    {
        InternalCurrentActorCellKeeper.Current = testActor;
        SetSynchronizationContext(this);
    }

    /// <summary>Takes the test actor back from this thread, if it is this one's.</summary>
    public void Return()
    {
        if (ReferenceEquals(InternalCurrentActorCellKeeper.Current, testActor)) InternalCurrentActorCellKeeper.Current = null;
        if (ReferenceEquals(Current, this)) SetSynchronizationContext(null);
    }
}
