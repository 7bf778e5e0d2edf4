"""Wire stories: a copy, a rewritten one, another on the same event."""

COPY = """Lomé et Rennes lancent une bourse pour les jeunes costumiers

La capitale togolaise et la ville bretonne ont signé mardi une convention qui permettra chaque
année à huit apprentis costumiers de travailler trois mois dans les ateliers de l'autre pays. Le
programme, doté de 140 000 euros, est financé à parts égales par les deux municipalités.

« Nos élèves connaissent la coupe et la teinture, il leur manque le plateau », a expliqué la
directrice de l'école des arts de la scène de Lomé, Afi Mensavi, lors de la cérémonie organisée
au Palais des congrès. Les premiers départs sont prévus en janvier, après une sélection sur
dossier et un entretien.

De son côté, l'opéra de Rennes recevra les stagiaires dans son atelier de la rue Saint-Hélier,
où une vingtaine de personnes fabriquent chaque saison près de trois cents pièces. Deux
couturières de la maison iront en échange enseigner la perruque et le masque au Togo.

Les deux villes, jumelées depuis 1998, avaient suspendu leurs échanges pendant la pandémie.
Elles espèrent désormais associer Cotonou et Brest au programme, et promettent un premier bilan
au printemps, au moment du festival des arts vivants."""

REWRITTEN = """Huit costumiers togolais attendus chaque année en Bretagne

La capitale togolaise et la cité bretonne ont signé mardi une convention qui permettra chaque
année à huit apprentis costumiers de travailler trois mois dans les ateliers de l'autre pays. Le
programme, doté de 140 000 euros, est financé à parts égales par les deux mairies.

« Nos élèves connaissent la coupe et la teinture, il leur manque le plateau », a déclaré la
directrice de l'école des arts de la scène de Lomé, Afi Mensavi, lors de la cérémonie organisée
au Palais des congrès. Les premiers départs sont annoncés pour janvier, après une sélection sur
dossier et un entretien.

De son côté, l'opéra de Rennes recevra les stagiaires dans son atelier de la rue Saint-Hélier,
où une vingtaine de personnes fabriquent chaque saison près de trois cents pièces. Deux
couturières de la maison iront en échange enseigner la perruque et le masque au Togo."""

SAME_EVENT = """À Lomé, une convention taillée sur mesure

Il y avait plus de robes que de cravates, mardi, dans le hall du Palais des congrès : les élèves
de l'école des arts de la scène avaient sorti leurs plus belles pièces pour accueillir la
délégation venue de Rennes. Au bout de l'après-midi, les maires ont paraphé l'accord que leurs
services négociaient depuis dix-huit mois.

Huit apprentis partiront chaque année apprendre le métier à l'opéra, et deux couturières
bretonnes feront le voyage inverse. Coût de l'opération : 140 000 euros, partagés en deux. «
C'est peu pour une ville, c'est énorme pour un gamin qui coud sous un néon », glisse Afi
Mensavi, qui dirige l'école.

Reste à choisir les heureux élus. Les dossiers seront examinés en automne par un jury mixte, et
les candidats retenus passeront un entretien avant de s'envoler en janvier. Jumelées de longue
date, les deux villes veulent élargir le cercle à Brest et au Bénin voisin."""
