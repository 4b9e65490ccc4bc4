package FakeGemini::Store;

# All that belongs to a project: things of a kind, by their ids, each with the
# project of the key that made it, and until when it lives.

use Mojo::Base -base, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(data_answer o);
use MIME::Base64 qw(decode_base64url encode_base64url);
use Mojo::Date;

our @EXPORT_OK = qw(rfc3339 seconds);

# what Google says of a thing of another project, or of none
my %said = (
    files            => 'file403',
    cachedContents   => 'cache403',
    batches          => 'operation404',
    operations       => 'operation404',
    interactions     => 'interaction404',
    fileSearchStores => 'permission',
    documents        => 'permission',
    tunedModels      => 'permission',
    environmentFiles => 'operation404',
);

has 'app';
has foreign => sub { {} };
has kinds   => sub { {} };
has polls   => 1;


sub add ($self, $kind, $req, %member) {
    my $id = $member{id} // $self->new_id;
    my $now = time;

    return $self->kinds->{$kind}{$id} = {
        kind    => $kind,
        id      => $id,
        name    => "$kind/$id",
        n       => ++$self->{added},
        project => $req->{project} // '',
        version => $req->{version},
        created => $now,
        updated => $now,
        %member,
    };
}


sub new_id ($self) {
    return 'fake' . ++$self->{last};
}


# a thing of anybody's
sub get ($self, $kind, $id) {
    my $item = $self->kinds->{$kind}{$id // ''} // return;

    if (defined $item->{expires} && $item->{expires} <= time) {
        $self->drop($item);
        return;
    }

    return $item;
}


# a thing of the project that asks
sub own ($self, $kind, $id, $req) {
    my $item = $self->get($kind, $id) // return;

    return if $item->{project} ne ($req->{project} // '');
    return $item;
}


sub drop ($self, $item) {
    delete $self->kinds->{$item->{kind}}{$item->{id}};
    return;
}


# the name of the error, and its options
sub refusal ($self, $kind, $id) {
    return ($self->foreign->{$kind} // $said{$kind} // 'permission',
            {file => $id // ''});
}


sub of_project ($self, $kind, $req, $filter = undef) {
    my $all = $self->kinds->{$kind} // {};

    return grep { !$filter || $filter->($_) }
        map { $self->own($kind, $_, $req) // () }
        sort { $all->{$a}{n} <=> $all->{$b}{n} } keys %$all;
}


# a page of a list: its tokens are of one project
sub page ($self, $kind, $req, $shown, %opt) {
    my $args = $req->{args};
    my $size = $args->{pageSize} // $args->{page_size} // $args->{limit};
    my $token = $args->{pageToken} // $args->{page_token} // '';
    my $mark = "fake page of $kind of " . ($req->{project} // '') . ' from ';
    my $from = 0;

    if ($token ne '') {
        my $text = eval { decode_base64url($token) } // '';
        return ('page400', {}) if $text !~ /^\Q$mark\E(\d+)$/;
        $from = $1;
    }

    my @items = $self->of_project($kind, $req, $opt{filter});
    my $next = $from + ($size || 50);
    my @page = grep { defined } @items[$from .. $next - 1];
    my $member = $opt{snake} ? 'next_page_token' : 'nextPageToken';

    return data_answer(o(
        ($opt{member} // $kind) => [map { $shown->($_) } @page],
        $next < @items ? ($member => encode_base64url($mark . $next)) : ()));
}


# true while a thing is still in work: so many looks at it see it so
sub in_work ($self, $item) {
    return 0 if $item->{finished};
    return 1 if ($item->{looks} //= 0)++ < $self->polls;

    $item->{finished} = 1;
    $item->{updated} = time;

    return 0;
}


# --- the tests' side ---

sub described ($self, $kind) {
    my @kinds = defined $kind ? $kind : sort keys %{$self->kinds};
    my @list;

    for my $name (@kinds) {
        for my $item (values %{$self->kinds->{$name} // {}}) {
            push @list, {map { $_ => $item->{$_} }
                grep { !ref $item->{$_} && $_ ne 'content' } keys %$item};
        }
    }

    return [sort { $a->{name} cmp $b->{name} } @list];
}


# changes members of one thing: {name, ...}; deletes it if "gone"
sub change ($self, $data) {
    my $name = $data->{name} // '';
    my ($item) = grep { $_->{name} eq $name }
        map { values %$_ } values %{$self->kinds};

    return "no \"$name\"" unless $item;

    if ($data->{gone}) {
        $self->drop($item);
        return;
    }

    %$item = (%$item, %$data);
    return;
}


sub rfc3339 ($time) {
    return Mojo::Date->new($time)->to_datetime;
}


# of a Duration or a Timestamp, from now on; undef if it is none
sub seconds ($ttl, $until) {
    return $1 if defined $ttl && $ttl =~ /^(\d+(?:\.\d+)?)s$/;
    return if defined $ttl || !defined $until;

    my $epoch = Mojo::Date->new($until)->epoch // return;
    return $epoch - time;
}


1;
